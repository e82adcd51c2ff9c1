"""Throwaway copies of a work tree in our cache folder, and commands that run in one."""
