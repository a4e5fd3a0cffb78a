"""The FIX door: session engine, codec, dictionaries, rules of engagement and the participant kit."""
