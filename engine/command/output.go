package command

// An Output is what is kept of both streams of a command.
type Output struct{ stdout, stderr *Buffer }

// NewOutput keeps as many bytes of each stream.
func NewOutput(limit int) *Output { return &Output{NewBuffer(limit), NewBuffer(limit)} }

// Streams are what the command writes to.
func (o *Output) Streams() Streams { return Streams{Stdout: o.stdout, Stderr: o.stderr} }

// Result is what it printed, of a command that ended so.
func (o *Output) Result(exitCode int, clean func(string) string) Result {
	stdout, more := o.stdout.Text(clean)
	stderr, moreErr := o.stderr.Text(clean)
	return Result{Stdout: stdout, Stderr: stderr, ExitCode: exitCode, Truncated: more || moreErr}
}

// Complaint is what it printed as errors, clean of secrets.
func (o *Output) Complaint(clean func(string) string) string {
	text, _ := o.stderr.Text(clean)
	return clean(text)
}
