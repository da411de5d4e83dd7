"""`make demo`: four phones film an athlete, and 3D poses come out. Everything in between is the real product."""
