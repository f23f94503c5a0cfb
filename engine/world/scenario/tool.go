package scenario

// A Tool is how the commands of a driver answer in a simulated site: simulated.yaml beside the driver. What they print is a template of Go
// (text/template) over the values of a device: id, state, address, starts (how often it was started anew), and what "values" and the scenario's
// "has" say.
type Tool struct {
	Base     string                    `yaml:"base"`   // the driver whose commands there are too
	Values   map[string]any            `yaml:"values"` // of a device that does not say them
	States   map[string]map[string]any `yaml:"states"` // what of them is another in a state
	Resets   Seconds                   `yaml:"resets"` // how long a reset takes
	Up       bool                      `yaml:"reconnects"`
	Commands []ToolCommand             `yaml:"commands"`

	text []byte
}

// Seconds is a number of them.
type Seconds float64

// A ToolCommand is one command of a tool.
type ToolCommand struct {
	Argv    []string        `yaml:"argv"`    // with "{id}" for the device
	Does    string          `yaml:"does"`    // what it is for, as a driver has it: list, status, reset, …
	All     bool            `yaml:"all"`     // it tells of every device of its machine, and not of those of its driver alone
	Deaf    bool            `yaml:"deaf"`    // it asks no device: one that hangs does not matter to it
	Columns bool            `yaml:"columns"` // tabs in what it prints are columns
	Says    map[string]Says `yaml:"says"`    // what it prints by what comes of it: done, needless, failed, offline, busy, unknown
}

// Says is what a tool prints.
type Says struct {
	Stdout   string `yaml:"stdout"`
	Stderr   string `yaml:"stderr"`
	ExitCode int    `yaml:"exit_code"`
}
