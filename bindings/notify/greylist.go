package notify

import (
	"regexp"
	"strconv"
	"strings"
	"time"

	"runbook/engine/action"
)

// asksToWait finds how long a mail server wants to be left alone: there is no field for it, and those that defer the mail of strangers
// (greylisting) say it in words, "try again in 300 seconds".
var asksToWait = regexp.MustCompile(`(?i)\b(?:in|for|after)\s+(\d{1,5})\s*(s|secs?|seconds?|m|mins?|minutes?)\b`)

// deferred is a refusal for the moment, with what to do about it. Where the server says how long the moment is, it is not asked before.
func deferred(e *action.Error, said string) *action.Error {
	if asked := asksToWait.FindStringSubmatch(said); asked != nil {
		n, _ := strconv.Atoi(asked[1]) // of five digits at most
		unit := time.Second
		if strings.HasPrefix(strings.ToLower(asked[2]), "m") {
			unit = time.Minute
		}
		e.After = time.Duration(n) * unit
	}
	switch {
	case strings.Contains(strings.ToLower(said), "greylist"), strings.Contains(strings.ToLower(said), "graylist"):
		return e.Try("it makes strangers wait%s: hand the mail in where it knows who does, with user and password in the site file", waiting(e.After))
	case e.After > 0:
		return e.Try("it asks to be left alone for %s", e.After)
	}
	return e
}

func waiting(asked time.Duration) string {
	if asked == 0 {
		return ""
	}
	return ", for " + asked.String() + " this time"
}
