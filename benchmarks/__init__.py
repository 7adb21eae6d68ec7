"""How fast jobd is, beside what plain asyncpg reaches on the same machine in the same minute."""
