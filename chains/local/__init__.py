"""Local: models that run on this machine, each engine in a process of its own.

`model.py` is the LangChain face, `process.py` the parent's side of the pipe, `child.py` the child's;
`openvino.py` and `hub.py` are the two engines. Nothing here is loaded by importing the folder, and
nothing heavy by importing anything but the engines.
"""
