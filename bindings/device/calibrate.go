package device

import (
	"runbook/engine/action"
	"runbook/engine/driver"
	"runbook/engine/module"
)

func (b *binding) calibrateFunc() module.Func {
	f := b.changeFunc(driver.Calibrate, `Measures anew how a device has to be set, or looks whether its calibration holds.

With verify it only looks, and really does so in a dry run too: that a calibration does not hold is a result and no error. Without it the
device does not compute meanwhile; one whose calibration does not come to an end is refused with the code rejected.`,
		`if not device.calibrate("envise-1", { verify = true }).passed then device.calibrate("envise-1") end`,
		`log(device.calibrate("envise-1", { verify = true }).fields.calibration_drift_percent)`)
	f.Params = append(f.Params, module.Param{Name: "options", Kind: module.Object, Doc: "whether only to look", Fields: []module.Param{
		{Name: "verify", Kind: module.Boolean, Doc: "only looks whether the calibration holds"},
	}})
	f.Returns.Type = "{ passed: boolean, output?: string, fields: table<string, any>, unread?: string[], fault?: string, assumed?: boolean }"
	f.Act, f.Decide = nil, func(args module.Args) (action.Read, action.Action, error) {
		if args.Bool("verify") {
			c, err := b.call(args, driver.Verify)
			return inspection{c, "calibrate"}, nil, err
		}
		c, err := b.newChange(args, driver.Calibrate)
		return nil, c, err
	}
	return f
}
