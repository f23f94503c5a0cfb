package device

import (
	"context"

	"runbook/engine/action"
	"runbook/engine/driver"
	"runbook/engine/module"
)

func (b *binding) diagnoseFunc() module.Func {
	return module.Func{
		Name: "diagnose",
		Doc: `Has the tool check the parts of a device. That one of them fails is a result, and no error.

passed is how it ended; nil if the driver did not understand that, which unread shows. In a dry run that intends something about the
device nothing is run, and it is assumed to pass.`,
		Params: []module.Param{idParam},
		Returns: module.Result{
			Type: "{ id: string, passed?: boolean, checks: { name: string, passed: boolean, detail: string }[], fields: table<string, any>, unread?: string[], fault?: string, assumed?: boolean }",
			Doc:  "how it ended, and what was checked",
		},
		Errors: []action.Code{action.CodeNotFound, action.CodeTimeout, action.CodeCommand, action.CodeUnavailable},
		Examples: []string{
			`for _, check in ipairs(device.diagnose("mit-2").checks) do if not check.passed then log(check.name .. ": " .. check.detail) end end`,
			`local found, errors = parallel(device.inventory(), { limit = 200, on_error = "continue" }, function(d) return device.diagnose(d.id) end)`,
		},
		Read: func(args module.Args) (action.Read, error) {
			c, err := b.call(args, driver.Diagnose)
			return inspection{c, "diagnose"}, err
		},
	}
}

// An inspection is a read that passes or does not: a diagnosis, or a look whether a calibration holds.
type inspection struct {
	*call
	function string
}

func (i inspection) Describe() action.Description { return i.looking(i.function) }

// Read runs the command, except on a device about which the run intends something: what the tool would say of it is not what it will say
// then.
func (i inspection) Read(ctx context.Context, view action.View) (any, error) {
	if i.intended(view) {
		return map[string]any{"id": i.ID, "passed": true, "checks": []any{}, "fields": map[string]any{}, assumedField: true}, nil
	}
	s, err := i.look(ctx)
	if err != nil {
		return nil, err
	}
	out := map[string]any{"id": i.ID}
	s.addTo(out)
	if s.Passed != nil {
		out["passed"] = *s.Passed
	}
	checks := make([]any, len(s.Checks))
	for n, one := range s.Checks {
		checks[n] = map[string]any{"name": one.Name, "passed": one.Passed, "detail": one.Detail}
	}
	out["checks"] = checks
	return out, nil
}
