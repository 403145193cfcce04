"""Plots: figures drawn with matplotlib, and the report that puts them on one page.

matplotlib is imported by the modules that draw, never here.
"""
