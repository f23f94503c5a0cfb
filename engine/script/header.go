package script

import (
	"context"
	"regexp"
	"slices"
	"strings"

	lua "github.com/yuin/gopher-lua"

	"runbook/engine/action"
	"runbook/engine/module"
)

// A Header is what a runbook says about itself. It is data: it can be read, and the steps listed, without running anything.
type Header struct {
	Title       string // first line of the comment at the top of the script
	Description string // the rest of that comment
	Summary     string
	Severity    string // P0 to P3, "" if none
	Alerts      []string
	Tags        []string
	May         []string // what the script may change: "kubernetes.delete pods"
	Params      []Param
	Steps       []Step
	Where       Position // of runbook { … }
}

// A Param is a parameter of a runbook.
type Param struct {
	module.Param
	Pattern *regexp.Regexp // for strings: what the whole value must match
	Ask     string         // the question that ask puts to a person when the parameter was not given
	Secret  bool           // the value never prints
	Where   Position
}

// A Step is one step of a runbook.
type Step struct {
	Name  string
	Where Position
	fn    *lua.LFunction
}

var severities = []string{"P0", "P1", "P2", "P3"}

// headerFields are the fields of runbook{}; steps and params are checked by hand, because they hold functions and names of their own.
var headerFields = []module.Param{
	{Name: "summary", Kind: module.String, Required: true, Doc: "what it does, in a line"},
	{Name: "severity", Kind: module.String, Enum: severities, Doc: "of the incident that it is for: P0, the worst, to P3"},
	{Name: "alerts", Kind: module.Strings, Doc: "names of the alerts that it answers"},
	{Name: "tags", Kind: module.Strings, Doc: "words to find it by: runbook list -l TAG"},
	{Name: "may", Kind: module.Strings, Doc: `what it may change: "kubernetes.delete pods"; anything else is refused`},
	{Name: "params", Kind: module.Object, Doc: "its parameters by name, each a table of type (string, integer, number, boolean, duration), help, default, required, min, max, enum, pattern (RE2, of the whole), ask (a question, for ask) and secret"},
	{Name: "steps", Kind: module.Any, Doc: "a list of steps, in their order"},
}

// openHeader adds runbook and step, with which a script says what it is.
func (vm *VM) openHeader(L *lua.LState) (stepMeta, headerMeta *lua.LTable) {
	stepMeta, headerMeta = L.NewTable(), L.NewTable()
	L.SetGlobal("step", L.NewFunction(func(L *lua.LState) int {
		name, ok := L.Get(1).(lua.LString)
		fn, isFn := L.Get(2).(*lua.LFunction)
		if !ok || !isFn || strings.TrimSpace(string(name)) == "" {
			vm.raise(L, action.Errorf(action.CodeInvalid, "step needs a name and a function: step(\"Check pods\", function(run) … end)"))
		}
		ud := L.NewUserData()
		ud.Value, ud.Metatable = Step{Name: string(name), Where: vm.where(L), fn: fn}, stepMeta
		L.Push(ud)
		return 1
	}))
	L.SetGlobal("runbook", L.NewFunction(func(L *lua.LState) int {
		t := L.CheckTable(1)
		header, err := vm.readHeader(L, t)
		if err != nil {
			vm.raise(L, err)
		}
		ud := L.NewUserData()
		ud.Value, ud.Metatable = header, headerMeta
		L.Push(ud)
		return 1
	}))
	return stepMeta, headerMeta
}

// Load reads a runbook: it runs the script's outermost level, where no operation is possible, and checks its header.
func (vm *VM) Load(ctx context.Context, s Source) (*Header, error) {
	vm.enter(vm.state)
	defer vm.leave()
	vm.state.SetContext(ctx)
	vm.loading = true
	defer func() { vm.loading = false }()
	vm.openHeader(vm.state)
	fn, err := vm.compile(s)
	if err != nil {
		return nil, err
	}
	v, err := vm.call(vm.state, fn) //nolint:contextcheck // the thread carries it
	if err != nil {
		return nil, err
	}
	ud, _ := v.(*lua.LUserData)
	if ud != nil {
		if header, ok := ud.Value.(*Header); ok {
			header.Title, header.Description = docComment(s.Text)
			return header, nil
		}
	}
	return nil, &Error{
		Failure: action.Errorf(action.CodeScript, "%s is not a runbook: it does not return runbook { … }", s.Name).
			Try("end the script with: return runbook { summary = …, steps = { step(…), … } }"),
		Where: vm.loader.lastLine(s.Name),
	}
}

// Execute runs a file for what it does, such as the declaration of tests.
func (vm *VM) Execute(ctx context.Context, s Source) error {
	vm.enter(vm.state)
	defer vm.leave()
	vm.state.SetContext(ctx)
	fn, err := vm.compile(s)
	if err != nil {
		return err
	}
	_, err = vm.call(vm.state, fn) //nolint:contextcheck // the thread carries it
	return err
}

func (vm *VM) readHeader(L *lua.LState, t *lua.LTable) (*Header, error) {
	steps, err := readSteps(t.RawGetString("steps"))
	if err != nil {
		return nil, err
	}
	plain := L.NewTable()
	t.ForEach(func(k, v lua.LValue) {
		if lua.LVAsString(k) != "steps" {
			plain.RawSet(k, v)
		}
	})
	v, err := vm.toGo(plain, 0)
	if err != nil {
		return nil, action.Errorf(action.CodeInvalid, "runbook: %w", err)
	}
	args, err := module.BindOptions("runbook", headerFields, v)
	if err != nil {
		return nil, err
	}
	params, err := readParams(args["params"], vm.where(L))
	if err != nil {
		return nil, err
	}
	return &Header{
		Summary: args.String("summary"), Severity: args.String("severity"), Alerts: args.Strings("alerts"),
		Tags: args.Strings("tags"), May: args.Strings("may"), Params: params, Steps: steps, Where: vm.where(L),
	}, nil
}

func readSteps(v lua.LValue) ([]Step, error) {
	t, ok := v.(*lua.LTable)
	if !ok || t.Len() == 0 {
		return nil, action.Errorf(action.CodeInvalid, "runbook: steps must be a list with at least one step(\"name\", function(run) … end)")
	}
	var steps []Step
	for i := 1; i <= t.Len(); i++ {
		ud, _ := t.RawGetInt(i).(*lua.LUserData)
		if ud == nil {
			return nil, action.Errorf(action.CodeInvalid, "runbook: steps[%d] is not a step(\"name\", function(run) … end)", i)
		}
		s, ok := ud.Value.(Step)
		if !ok {
			return nil, action.Errorf(action.CodeInvalid, "runbook: steps[%d] is not a step(\"name\", function(run) … end)", i)
		}
		if slices.ContainsFunc(steps, func(other Step) bool { return other.Name == s.Name }) {
			return nil, action.Errorf(action.CodeInvalid, "runbook: two steps are named %q: a step is known by its name", s.Name)
		}
		steps = append(steps, s)
	}
	return steps, nil
}

// docComment reads the comment lines that begin with three dashes at the top of a script, and the plain ones that follow.
func docComment(text string) (title, description string) {
	var lines []string
	for line := range strings.Lines(text) {
		line = strings.TrimRight(line, "\r\n")
		if !strings.HasPrefix(line, "--") {
			break
		}
		lines = append(lines, strings.TrimSpace(strings.TrimLeft(line, "-")))
	}
	if len(lines) == 0 {
		return "", ""
	}
	return strings.TrimSuffix(lines[0], "."), strings.TrimSpace(strings.Join(lines[1:], "\n"))
}
