package script

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"

	"runbook/engine/driver"
	"runbook/engine/module"
)

// readingFields are what a driver's parse returns.
var readingFields = []module.Param{
	{Name: "devices", Kind: module.List, Doc: "what it said of each device"},
	{Name: "unread", Kind: module.Strings, Doc: "the lines that were not understood"},
}

var observationFields = []module.Param{
	{Name: "id", Kind: module.String, Doc: "as the tool calls the device; the one that was asked for if not given"},
	{Name: "state", Kind: module.String, Doc: "online, degraded, offline, resetting or unknown; left out if nothing was said of it"},
	{Name: "said", Kind: module.String, Doc: "the tool's own word for the state"},
	{Name: "serial", Kind: module.String, Doc: "what the device itself is, whatever it is called: a reset that was planned for one is not done to another"},
	{Name: "starts", Kind: module.String, Doc: "what is another each time it was started anew, such as a count of its starts, or when the last was, and not how long ago that is: by it a reset is known to have happened"},
	{Name: "passed", Kind: module.Boolean, Doc: "how a diagnosis or verification ended"},
	{Name: "checks", Kind: module.List, Doc: "what a diagnosis looked at: { name, passed, detail }"},
	{Name: "fields", Kind: module.Object, Doc: "all else that was said: texts, numbers and booleans, with units in their names"},
}

var checkFields = []module.Param{
	{Name: "name", Kind: module.String, Required: true},
	{Name: "passed", Kind: module.Boolean, Required: true},
	{Name: "detail", Kind: module.String},
}

// readingOf checks what a driver made of what was printed. What is wrong about one device keeps nobody from hearing of the others: they are
// in the reading, beside the error. Of one that is there twice nobody can tell which is right.
func readingOf(purpose driver.Purpose, asked string, v any) (driver.Reading, error) {
	where := string(purpose) + " returned"
	args, err := module.BindOptions(where, readingFields, v)
	if err != nil {
		return driver.Reading{}, err
	}
	out := driver.Reading{Unread: args.Strings("unread")}
	var wrong []error
	count := map[string]int{}
	for i, one := range args.List("devices") {
		seen, err := observationOf(fmt.Sprintf("%s: devices[%d]", where, i+1), asked, one)
		if err != nil {
			wrong = append(wrong, err)
			continue
		}
		if count[seen.ID]++; count[seen.ID] == 2 {
			wrong = append(wrong, fmt.Errorf("%s: the device %q is there twice", where, seen.ID))
		}
		out.Devices = append(out.Devices, seen)
	}
	out.Devices = slices.DeleteFunc(out.Devices, func(o driver.Observation) bool { return count[o.ID] > 1 })
	switch len(wrong) {
	case 0:
		return out, nil
	case 1:
		return out, wrong[0]
	}
	return out, fmt.Errorf("%w, and %d faults more", wrong[0], len(wrong)-1)
}

func observationOf(where, asked string, v any) (driver.Observation, error) {
	args, err := module.BindOptions(where, observationFields, v)
	if err != nil {
		return driver.Observation{}, err
	}
	seen := driver.Observation{ID: args.String("id"), State: driver.State(args.String("state")), Said: args.String("said"), Serial: args.String("serial"), Starts: args.String("starts")}
	if seen.ID == "" {
		seen.ID = asked
	}
	if seen.ID == "" {
		return seen, fmt.Errorf("%s has no id", where)
	}
	if seen.State != "" && !seen.State.Known() {
		return seen, fmt.Errorf("%s: there is no state %q%s", where, seen.State, module.Suggest(string(seen.State), stateNames()))
	}
	if passed, said := args["passed"].(bool); said {
		seen.Passed = &passed
	}
	for i, one := range args.List("checks") {
		c, err := module.BindOptions(fmt.Sprintf("%s: checks[%d]", where, i+1), checkFields, one)
		if err != nil {
			return seen, err
		}
		seen.Checks = append(seen.Checks, driver.Check{Name: c.String("name"), Passed: c.Bool("passed"), Detail: c.String("detail")})
	}
	seen.Fields, err = scalars(where, args["fields"])
	return seen, err
}

// scalars are the other things that were said of a device.
func scalars(where string, v any) (map[string]any, error) {
	said, ok := v.(map[string]any)
	if v != nil && !ok {
		return nil, fmt.Errorf("%s: fields must be a table of names", where)
	}
	for _, name := range slices.Sorted(maps.Keys(said)) {
		switch value := said[name].(type) {
		case string, bool, float64:
			if _, err := json.Marshal(value); err != nil {
				return nil, fmt.Errorf("%s: fields.%s is %v, which is no number that can be written down", where, name, value)
			}
		default:
			return nil, fmt.Errorf("%s: fields.%s is neither a text, a number, nor true or false", where, name)
		}
	}
	return said, nil
}
