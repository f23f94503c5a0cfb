package process

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"syscall"
)

// HoldCommand is the subcommand by which this program starts itself in a server's place.
const HoldCommand = "hold"

// goAhead is what the parent writes once it has recorded the process.
var goAhead = []byte("go\n")

// Hold waits for its parent's word on standard input, then becomes the server. Process number and start time stay
// what they were when the parent wrote them down. If the parent died first the pipe ends without the word, and
// there is nothing to clean up: the server never ran.
func Hold(argv []string) error {
	word, err := io.ReadAll(os.Stdin)
	if err != nil {
		return fmt.Errorf("wait to become %s: %w", argv[0], err)
	}
	if !bytes.Equal(word, goAhead) {
		return fmt.Errorf("did not become %s: the process that started it ended first", argv[0])
	}
	if err := syscall.Exec(argv[0], argv, os.Environ()); err != nil {
		return fmt.Errorf("become %s: %w", argv[0], err)
	}
	return nil
}
