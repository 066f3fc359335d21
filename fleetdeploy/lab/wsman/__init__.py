"""The wire: HTTP(S), authentication, sealing, WS-Management, PSRP and WinRS of a host. Start in ``server.py``."""
