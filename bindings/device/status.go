package device

import (
	"context"

	"runbook/engine/action"
	"runbook/engine/driver"
	"runbook/engine/module"
)

// statusType is the type of what is said of a device, in the notation of Lua language servers.
const statusType = "{ id: string, name: string, driver: string, on: string, state: string, said?: string, serial?: string, " +
	"fields: table<string, any>, unread?: string[], fault?: string, expected?: boolean }"

func (b *binding) statusFunc() module.Func {
	return module.Func{
		Name: "status",
		Doc: `Looks at a device, by the tool of its vendor.

Beside the state there is the tool's own word for it (said), the serial number where the tool tells it, what else it told (fields, with
units in their names), what of it the driver did not understand (unread), and why the driver itself failed, if it did (fault). In a dry
run that intends something about the device the state is what its driver expects, and expected is true.`,
		Params:  []module.Param{idParam},
		Returns: module.Result{Type: statusType, Doc: "what is known of it"},
		Errors:  []action.Code{action.CodeNotFound, action.CodeTimeout, action.CodeCommand, action.CodeUnavailable},
		Examples: []string{
			`if device.status("envise-2").state == "offline" then device.reset("envise-2") end`,
			`log(device.status("envise-1").fields.temperature_celsius)`,
		},
		Read: func(args module.Args) (action.Read, error) {
			c, err := b.call(args, driver.Status)
			return statusRead{c}, err
		},
	}
}

// A statusRead is one call of status.
type statusRead struct{ *call }

func (s statusRead) Describe() action.Description { return s.looking("status") }

// looking describes a read of the device.
func (u *unit) looking(function string) action.Description {
	return action.Description{Verb: system + "." + function, Target: u.target(), Idempotent: true}
}

// looking describes a read of the device by the command.
func (c *call) looking(function string) action.Description {
	d := c.unit.looking(function)
	d.Identity, d.Permissions = []action.Arg{{Name: action.Argv, Value: c.argv}}, c.b.Needs[c.On]
	return d
}

func (s statusRead) Read(ctx context.Context, view action.View) (any, error) {
	return s.status(ctx, view)
}

// status is what is known of the device, as the run intends it.
func (c *call) status(ctx context.Context, view action.View) (map[string]any, error) {
	found, err := c.look(ctx)
	if err != nil {
		if assumed := c.unreached(view); assumed != nil && ctx.Err() == nil {
			return assumed, nil
		}
		return nil, err
	}
	return c.laid(view, found), nil
}
