"""What the browser tests share: Chromium with a filmed camera, the people before it, and what pages complain of."""
