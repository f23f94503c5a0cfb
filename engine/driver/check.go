package driver

import (
	"errors"
	"fmt"
	"slices"
)

// Check says what is wrong with a command of a driver that has those placeholders of its own; nil if nothing is.
func (c *Command) Check(own []Placeholder) error {
	if err := c.checkArgv(own); err != nil {
		return err
	}
	switch {
	case !c.Purpose.Changes() && (c.Expects != "" || c.Unless != nil || c.Needs != nil || c.Within != 0):
		return fmt.Errorf("expects, within, unless and needs are for what changes a device, and %s only looks", c.Purpose)
	case c.Timeout <= 0:
		return errors.New("timeout must be longer than nothing")
	case c.Within < 0:
		return errors.New("within is no negative time")
	case c.Purpose.Changes() && c.Expects == "":
		return errors.New("expects is missing: in which state does this leave a device? A dry run has nothing else to go by")
	case slices.Contains([]State{Unknown, Resetting}, c.Expects):
		return fmt.Errorf("expects is %q: say what the device is expected to be in the end", c.Expects)
	}
	return c.checkExits()
}

const lastExit = 255

func (c *Command) checkExits() error {
	for _, code := range c.Answers {
		if code < 0 || code > lastExit {
			return fmt.Errorf("answers: %d is no exit code", code)
		}
	}
	for code := range c.Refuses {
		if code <= 0 || code > lastExit {
			return fmt.Errorf("refuses: %d is no exit code of a command that fails", code)
		}
		if c.AnswersWith(code) {
			return fmt.Errorf("the exit code %d is among both answers and refuses", code)
		}
	}
	return nil
}
