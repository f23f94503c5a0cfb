package driver

import (
	"errors"
	"fmt"
	"slices"
)

// Check says what is wrong with a command of a driver that has those placeholders of its own, and in which field; nil if nothing is.
func (c *Command) Check(own []Placeholder) (field string, err error) {
	if err := c.checkArgv(own); err != nil {
		return "argv", err
	}
	if !c.Purpose.Changes() {
		for field, given := range map[string]bool{"expects": c.Expects != "", "unless": c.Unless != nil, "needs": c.Needs != nil, "within": c.Within != 0} {
			if given {
				return field, fmt.Errorf("this is for what changes a device, and %s only looks", c.Purpose)
			}
		}
	}
	if c.Begins != 0 && c.Purpose != Reset {
		return "begins", fmt.Errorf("this is for a reset, and not for %s", c.Purpose)
	}
	switch {
	case c.Timeout <= 0:
		return "timeout", errors.New("a command needs some time")
	case c.Purpose.Changes() && c.Expects == "":
		return "expects", errors.New("this is missing: in which state does it leave a device? A dry run has nothing else to go by")
	case slices.Contains([]State{Unknown, Resetting}, c.Expects):
		return "expects", fmt.Errorf("%q is no end: say what the device is expected to be in the end", c.Expects)
	}
	return c.checkExits()
}

const lastExit = 255

func (c *Command) checkExits() (field string, err error) {
	for _, code := range c.Answers {
		if code < 0 || code > lastExit {
			return "answers", fmt.Errorf("%d is no exit code", code)
		}
	}
	for code := range c.Refuses {
		if code <= 0 || code > lastExit {
			return "refuses", fmt.Errorf("%d is no exit code of a command that fails", code)
		}
		if c.AnswersWith(code) {
			return "refuses", fmt.Errorf("%d is among the answers too", code)
		}
	}
	return "", nil
}
