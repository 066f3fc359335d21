"""The wire: HTTP(S), authentication, sealing, WS-Management, PSRP and WinRS of a simulated host. Start in ``server.py``."""
