"""The participant kit: a FIX client and a certification run for firms that connect to the venue.

Both talk to the venue as any participant does, over its sockets, with the published dictionaries; nothing of the
venue's engine room is used. `quickfix` (extra `fix-kit`) is needed by the client and by the QuickFIX part of the
certification.
"""
