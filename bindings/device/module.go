// Package device offers the devices of a site to Lua, each by the tool of its vendor: what there are, how they are, and what is done to
// them.
//
// It knows no tool: which command there is for what, what it changes, and what is made of what it prints is said by drivers
// (engine/driver), which are scripts that anybody may change. It starts no process either: a command.Runner does, on this machine or on
// one of the site's hosts. A command is an argument vector with checked values in it, and never a shell string. What a device is after a
// change is what its driver expects: nothing else can know, so a prediction is assumed, and says so.
//
// Read next: unit.go for how a device, its driver and its machine come together, change.go for what changes one, observe.go for how
// what is intended is laid over what a tool says.
package device

import (
	"runbook/engine/action"
	"runbook/engine/command"
	"runbook/engine/driver"
	"runbook/engine/machine"
	"runbook/engine/module"
)

// What targets are called.
const (
	system  = "device"
	devices = "devices"
)

// Config says which devices there are, and how they are reached.
type Config struct {
	Inventory []driver.Device // in the order in which they are shown
	// Driver is a driver by its name, or why it cannot be used.
	Driver   func(name string) (driver.Driver, error)
	Machines machine.Set[command.Runner]
	// Needs are the rights in another system that running a command on a host takes, by the host's name: a pod's, in its cluster.
	Needs map[string][]action.Permission
	// Pingers ask from the machines.
	Pingers machine.Set[Pinger]
	Secrets module.Secrets // kept out of what is shown; nil for nobody who does that
	// AtOnce is how many tools one call asks at once; 0 for a number that this machine bears. A simulated site wants 1: which of several
	// meets a fault would else be chance.
	AtOnce int
}

const atOnce = 16

// A binding is the module of a site's devices.
type binding struct{ Config }

// New makes the module. It runs nothing.
func New(cfg Config) *module.Module {
	if cfg.Secrets == nil {
		cfg.Secrets = module.Openly{}
	}
	if cfg.AtOnce == 0 {
		cfg.AtOnce = atOnce
	}
	b := &binding{cfg}
	return &module.Module{
		Name: "device",
		Doc: `The devices of the site's inventory, each by the tool of its vendor: how they are, and reconnecting, resetting and calibrating them.

Which command that takes, and what its output means, says the driver of a device: a script that is easy to read and to change (runbook
docs driver). What vendors' tools print is not public: a line that a driver does not understand is in the field unread of what a
function returns, and no error. A state is one of

  online     it works
  degraded   it works, less well than it should
  offline    it does not, or nothing is heard of it
  resetting  it is being started anew
  unknown    nobody could tell

Nothing can know what a reset or a calibration will come to. A dry run goes by what the driver expects, says that it is assumed, and shows it
to whatever looks at that device later.`,
		Funcs: []module.Func{
			b.inventoryFunc(),
			b.listFunc(),
			b.statusFunc(),
			b.waitFunc(),
			b.reconnectFunc(),
			b.resetFunc(),
			b.calibrateFunc(),
			b.diagnoseFunc(),
			b.logsFunc(),
			b.pingFunc(),
		},
	}
}
