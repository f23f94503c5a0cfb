package wall

import (
	"errors"

	"runbook/engine/action"
)

// RefuseDial is the refusal of a connection that is none of HTTP, such as one to a mail server: of what would be said on it nothing can be
// known, so in a dry run there is none.
func (w *Wall) RefuseDial(address string) error {
	w.refused.Add(1)
	if w.observe != nil {
		w.observe(Refusal{Method: "DIAL", Host: address, Reason: errors.New("it is no connection that only looks")})
	}
	return action.Errorf(action.CodeRefused, "a dry run may only look, and opens no connection to %s; nothing was sent", address).Try(ownFault)
}
