package process

import "errors"

// errGone says that no live process has the number asked for.
var errGone = errors.New("no such process")

// alive reports whether the very process that was recorded still runs. A number alone proves nothing: the system
// hands it out again once its owner has gone.
func (r Record) alive() bool {
	now, err := identity(r.PID)
	return err == nil && now == r.Identity
}
