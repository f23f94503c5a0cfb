package screen

// A style is the SGR parameters of a way to print text. Only the colours that every terminal has are used, and none carries a
// meaning that the words do not.
type style string

const (
	normal style = ""
	bold   style = "1"
	dim    style = "2"
	red    style = "31"
	green  style = "32"
	yellow style = "33"
	cyan   style = "36"
	alarm  style = "1;31"
	caveat style = "1;33"
)

// paint puts cleaned text in a style, where colours are wanted.
func (l Look) paint(s style, text string) string {
	if !l.Color || s == normal || text == "" {
		return text
	}
	return "\x1b[" + string(s) + "m" + text + "\x1b[0m"
}

// A span is a piece of a line in one style.
type span struct {
	style style
	text  string
}

// paintAll puts the spans of one line together.
func (l Look) paintAll(spans ...span) string {
	var line string
	for _, s := range spans {
		line += l.paint(s.style, s.text)
	}
	return line
}
