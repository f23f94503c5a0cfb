package script

import (
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"runbook/engine/action"
	"runbook/engine/driver"
	"runbook/engine/module"
)

// driverFields are the fields of driver{}.
var driverFields = []module.Param{
	{Name: "summary", Kind: module.String, Required: true, Doc: "which devices, by which tool, in a line"},
	{Name: "formats", Kind: module.String, Required: true, Doc: "where what it knows of the tool's output comes from, and how far that can be trusted"},
	{Name: "base", Kind: module.String, Doc: "the driver from which it has the commands that are not its own"},
	{Name: "placeholders", Kind: module.Object, Doc: `words in argv that each device fills in for itself (in "with" of the inventory), by name, each a table of help and default, beside {id}, {address} and {log}`},
	{Name: "commands", Kind: module.Object, Required: true, Doc: "its commands by what they are for: list, status, reconnect, reset, calibrate, verify, diagnose, logs"},
}

var placeholderFields = []module.Param{
	{Name: "help", Kind: module.String, Required: true, Doc: "what it is"},
	{Name: "default", Kind: module.String, Doc: `of a device that does not say it; may be "{id}"`},
}

// defaultBegins is how long a tool may show what a device was before a reset, where its driver does not say it.
const defaultBegins = 10 * time.Second

// defaultTimeout is how long a command may run that does not say it.
const defaultTimeout = 30 * time.Second

var driverCommandFields = []module.Param{
	{Name: "argv", Kind: module.Strings, Required: true, Doc: `the command, a word an element, with placeholders: { "lightmatter-cli", "reset", "--device", "{id}" }`},
	{Name: "reads", Kind: module.Boolean, Doc: "it only looks; must be said of every command that does, and of no other"},
	{Name: "risk", Kind: module.String, Enum: []string{action.Routine.String(), action.Disruptive.String(), action.Destructive.String()}, Doc: "of one that changes a device"},
	{Name: "expects", Kind: module.String, Enum: stateNames(), Doc: "in which state a device is expected to be in the end, of a command that changes one: what a dry run goes by"},
	{Name: "within", Kind: module.Duration, Doc: "how long it may take until it is"},
	{Name: "begins", Kind: module.Duration, Doc: "of a reset: how long the tool may go on showing a device as it was before it shows that the reset has begun; 10s if not given, 0s for a tool that shows it at once"},
	{Name: "unless", Kind: module.Strings, Doc: "states of a device in which there is nothing to do"},
	{Name: "needs", Kind: module.Strings, Doc: "states of a device in which alone it can be done; any if not given"},
	{Name: "timeout", Kind: module.Duration, Default: defaultTimeout, Doc: "how long the command itself may run, after which it is ended with everything that it had started"},
	{Name: "answers", Kind: module.List, Doc: "exit codes with which it says what was asked, such as 1 for a diagnosis that finds a fault; 0 if not given"},
	{Name: "refuses", Kind: module.Object, Doc: `other exit codes, by what they mean: { not_found = 3, throttled = 5 }. throttled is one that may be sent again in a moment; any other code that is not among them is an error of code "command"`},
	{Name: "parse", Kind: module.Function, Doc: "makes data of what it printed: called with { text, errors, exit_code, id }, returns { devices = { … }, unread = { … } }"},
}

// refusals are what an exit code can mean.
var refusals = []action.Code{
	action.CodeNotFound, action.CodeUnavailable, action.CodeThrottled, action.CodeRejected, action.CodeConflict, action.CodeForbidden, action.CodeUnauth,
}

func stateNames() []string {
	out := make([]string, len(driver.States))
	for i, s := range driver.States {
		out[i] = string(s)
	}
	return out
}

// A driverFault is what is wrong with a driver, and where: a path of names such as commands, reset, argv.
type driverFault struct {
	err  *action.Error
	path []string
}

func faulty(err error, path ...string) *driverFault {
	var known *action.Error
	if !errors.As(err, &known) {
		known = action.Errorf(action.CodeInvalid, "driver: %s: %w", strings.Join(path, "."), err)
	}
	return &driverFault{known, path}
}

// readDriver checks what a driver says of itself.
func readDriver(v any) (*driver.About, *driverFault) {
	args, err := module.BindOptions("driver", driverFields, v)
	if err != nil {
		return nil, faulty(err, namedIn(err)...)
	}
	about := &driver.About{Summary: args.String("summary"), Formats: args.String("formats"), Base: args.String("base")}
	placeholders, _ := args["placeholders"].(map[string]any)
	for _, name := range slices.Sorted(maps.Keys(placeholders)) {
		p, err := readPlaceholder(name, placeholders[name])
		if err != nil {
			return nil, faulty(err, "placeholders", name)
		}
		about.Placeholders = append(about.Placeholders, p)
	}
	commands, _ := args["commands"].(map[string]any)
	if err := knownNames("driver: commands", commands, purposeNames()); err != nil {
		return nil, faulty(err, append([]string{"commands"}, namedIn(err)...)...)
	}
	if len(commands) == 0 && about.Base == "" {
		return nil, faulty(errors.New("a driver has at least one command, or a base"), "commands")
	}
	for _, p := range driver.Purposes {
		if said, there := commands[string(p)]; there {
			c, fault := readCommand(p, said, about.Placeholders)
			if fault != nil {
				return nil, fault
			}
			about.Commands = append(about.Commands, *c)
		}
	}
	return about, nil
}

func knownNames(what string, given map[string]any, known []string) error {
	for _, name := range slices.Sorted(maps.Keys(given)) {
		if !slices.Contains(known, name) {
			return action.Errorf(action.CodeInvalid, "%s: there is no %q%s", what, name, module.Suggest(name, known))
		}
	}
	return nil
}

// quotedName is a name in a message about one that is not known.
var quotedName = regexp.MustCompile(`(?:option|no) "(\w+)"|: (\w+) (?:is missing|must)`)

// namedIn is the name that a message is about, for finding its line.
func namedIn(err error) []string {
	m := quotedName.FindStringSubmatch(err.Error())
	if m == nil {
		return nil
	}
	return []string{m[1] + m[2]}
}

func readPlaceholder(name string, v any) (driver.Placeholder, error) {
	if !paramName.MatchString(name) || slices.Contains([]string{driver.ID, driver.Address, driver.Log, driver.Lines}, name) {
		return driver.Placeholder{}, fmt.Errorf("a placeholder's name is lower-case letters, digits and _, and none of id, address, log and lines, which every driver has")
	}
	args, err := module.BindOptions("driver: placeholders."+name, placeholderFields, v)
	if err != nil {
		return driver.Placeholder{}, err
	}
	p := driver.Placeholder{Name: name, Help: args.String("help"), Default: args.String("default")}
	for _, inner := range driver.PlaceholdersIn([]string{p.Default}) {
		if !slices.Contains([]string{driver.ID, driver.Address, driver.Log}, inner) {
			return p, fmt.Errorf("default names {%s}: only {id}, {address} and {log} are there for every device", inner)
		}
	}
	return p, nil
}

func readCommand(p driver.Purpose, v any, own []driver.Placeholder) (*driver.Command, *driverFault) {
	where := []string{"commands", string(p)}
	args, err := module.BindOptions("driver: commands."+string(p), driverCommandFields, v)
	if err != nil {
		return nil, faulty(err, append(where, namedIn(err)...)...)
	}
	if args.Bool("reads") == p.Changes() {
		if p.Changes() {
			return nil, faulty(fmt.Errorf("%s changes a device: it cannot be one that only looks", p), append(where, "reads")...)
		}
		return nil, faulty(fmt.Errorf("reads is missing: %s is for looking, so its command must be one that only looks: reads = true", p), where...)
	}
	if p.Changes() != (args["risk"] != nil) {
		return nil, faulty(errors.New("risk is for what changes a device, and must be said of it: routine, disruptive or destructive"), where...)
	}
	if needs := slices.Contains([]driver.Purpose{driver.List, driver.Status, driver.Verify, driver.Diagnose}, p); needs && args["parse"] == nil {
		return nil, faulty(errors.New("parse is missing: what it prints is what it is for"), where...)
	}
	c := &driver.Command{Purpose: p, Argv: args.Strings("argv"), Risk: riskOf(args.String("risk")), Expects: driver.State(args.String("expects"))}
	c.Within, _ = args.Duration("within")
	c.Timeout, _ = args.Duration("timeout")
	begins, given := args.Duration("begins")
	if c.Begins = begins; !given && p == driver.Reset {
		c.Begins = defaultBegins
	}
	for _, list := range []struct {
		name string
		to   *[]driver.State
	}{{"unless", &c.Unless}, {"needs", &c.Needs}} {
		if *list.to, err = statesIn(args.Strings(list.name)); err != nil {
			return nil, faulty(err, append(where, list.name)...)
		}
	}
	if c.Answers, err = exitCodes(args.List("answers")); err != nil {
		return nil, faulty(err, append(where, "answers")...)
	}
	if c.Refuses, err = refusedWith(args["refuses"]); err != nil {
		return nil, faulty(err, append(where, "refuses")...)
	}
	if field, err := c.Check(own); err != nil {
		return nil, faulty(err, append(where, field)...)
	}
	return c, nil
}

func statesIn(names []string) (out []driver.State, err error) {
	for _, name := range names {
		if !driver.State(name).Known() {
			return nil, fmt.Errorf("there is no state %q%s", name, module.Suggest(name, stateNames()))
		}
		out = append(out, driver.State(name))
	}
	return out, nil
}

func riskOf(name string) action.Risk {
	for _, r := range []action.Risk{action.Disruptive, action.Destructive} {
		if r.String() == name {
			return r
		}
	}
	return action.Routine
}

func exitCodes(list []any) ([]int, error) {
	if list == nil {
		return []int{0}, nil
	}
	var out []int
	for _, item := range list {
		n, ok := item.(float64)
		if !ok || n != float64(int(n)) {
			return nil, errors.New("a list of exit codes: { 0, 1 }")
		}
		out = append(out, int(n))
	}
	return out, nil
}

func refusedWith(v any) (map[int]action.Code, error) {
	said, _ := v.(map[string]any)
	names := make([]string, len(refusals))
	for i, c := range refusals {
		names[i] = string(c)
	}
	if err := knownNames("refuses", said, names); err != nil {
		return nil, err
	}
	out := map[int]action.Code{}
	for _, name := range slices.Sorted(maps.Keys(said)) {
		list, several := said[name].([]any)
		if !several {
			list = []any{said[name]}
		}
		codes, err := exitCodes(list)
		if err != nil {
			return nil, fmt.Errorf("%s is an exit code, or a list of them", name)
		}
		for _, code := range codes {
			if _, twice := out[code]; twice {
				return nil, fmt.Errorf("the exit code %d is there twice", code)
			}
			out[code] = action.Code(name)
		}
	}
	return out, nil
}

// firstDriver is the line of a text at which driver { begins.
func firstDriver(text string) int {
	n := 0
	for line := range strings.Lines(text) {
		n++
		if !strings.HasPrefix(strings.TrimSpace(line), "--") && regexp.MustCompile(`\bdriver\s*[({]`).MatchString(line) {
			return n
		}
	}
	return 0
}

// lineOfName is the first line from one on at which a name is given a value in a table; 0 if there is none.
func lineOfName(text string, from int, name string) int {
	named := regexp.MustCompile(`(^|[\s{,;])(` + regexp.QuoteMeta(name) + `|\["` + regexp.QuoteMeta(name) + `"\]|\[` + strconv.Quote(regexp.QuoteMeta(name)) + `\])\s*=`)
	n := 0
	for line := range strings.Lines(text) {
		if n++; n >= from && named.MatchString(line) {
			return n
		}
	}
	return 0
}
