"""What can be asked of a daemon, a module for each noun: `await client.ask(queues.pause("low", reason="backup"))`."""
