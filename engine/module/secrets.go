package module

// Secrets keeps secrets out of what is shown. A binding tells it those that it comes upon before they are used, and asks it about text that is
// cut short, or that leaves by another way than the script: half a secret is not recognised later.
type Secrets interface {
	Add(secrets ...string) bool // whether all of them can be hidden
	String(text string) string  // the text without them
}

// Openly keeps nothing back: for where nobody keeps secrets.
type Openly struct{}

// Add does nothing.
func (Openly) Add(...string) bool { return false }

// String is the text as it is.
func (Openly) String(text string) string { return text }
