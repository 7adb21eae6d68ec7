"""The words of jobd: pure data and pure rules, no I/O, no database, no clock."""
