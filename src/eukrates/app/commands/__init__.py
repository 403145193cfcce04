"""One file for each verb. They import what they need when they run, so that --help is quick."""

from eukrates.app.commands.active import active
from eukrates.app.commands.analyse import analyse
from eukrates.app.commands.check import check
from eukrates.app.commands.connect import connect, path
from eukrates.app.commands.demo import demo
from eukrates.app.commands.doctor import doctor
from eukrates.app.commands.evaluate import evaluate
from eukrates.app.commands.explore import explore
from eukrates.app.commands.inspect import inspect
from eukrates.app.commands.label import label
from eukrates.app.commands.md import md
from eukrates.app.commands.modes import modes
from eukrates.app.commands.predict import predict
from eukrates.app.commands.published import convert, pull
from eukrates.app.commands.relax import relax
from eukrates.app.commands.start import init, schema
from eukrates.app.commands.train import train

LEARNING = (check, train, evaluate, inspect, predict, label, active)
COMMANDS = (demo, *LEARNING, md, relax, explore, path, connect, modes, analyse, convert, pull, doctor, init, schema)
