package action

import (
	"encoding/json"
	"fmt"
)

// Text is a JSON-compatible value as one line of JSON. A value that is none, such as a function, is a binding's bug; its text is then
// Go's.
func Text(value any) string {
	text, err := json.Marshal(value)
	if err != nil {
		return fmt.Sprint(value)
	}
	return string(text)
}
