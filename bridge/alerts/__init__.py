"""How the administrator hears of what burns and of what needs attention: `alerts` of settings.yaml."""
