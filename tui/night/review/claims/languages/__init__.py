"""Claims in other languages than English: which language a sentence is in, and what it claims."""
