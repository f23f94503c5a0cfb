package screen

import "io"

// Warning prints one line outside a run: something that a person should know and that stops nothing.
func Warning(w io.Writer, look Look, text string) error {
	_, err := io.WriteString(w, look.paint(yellow, "warning: "+clean(text))+"\n")
	return err
}
