package device

import (
	"encoding/json"
	"fmt"
	"time"
)

// Call is what is kept of one call of a vendor's tool.
type Call struct {
	Time    time.Time `json:"time"`
	Argv    []string  `json:"argv"`
	Changed bool      `json:"changed"` // a device is another than before
	Exit    *int      `json:"exit"`    // null for a call that got no answer: it may never end
}

// Record keeps a call. It is one write, so that calls at the same time never mix their lines.
func (s Store) Record(call Call) error {
	line, err := json.Marshal(call)
	if err == nil {
		err = appendFile(s.Dir.DeviceCalls(), append(line, '\n'))
	}
	if err != nil {
		return fmt.Errorf("record the call: %w", err)
	}
	return nil
}
