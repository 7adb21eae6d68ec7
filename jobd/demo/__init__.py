"""`jobd demo`: a daemon at work on believable data, and the proof that it did all of it right."""
