package notify

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"runbook/engine/action"
)

// What mail servers say that take no mail of strangers at once: Postgrey, SQLgrey, Exim, rspamd, Exchange Online, OpenBSD's spamd.
func TestAMailThatIsDeferred(t *testing.T) {
	for said, want := range map[string]struct {
		after time.Duration
		hint  string
	}{
		"a@example.com: 450 4.2.0 <a@example.com>: Recipient address rejected: Greylisted, see http://postgrey.schweikert.ch/help/example.com.html": {0, "it makes strangers wait: hand"},
		"451 4.7.1 Greylisting in action, please come back later":                                                                                   {0, "it makes strangers wait: hand"},
		"450 4.7.1 Greylisted for 5 minutes":                                                                                                        {5 * time.Minute, "it makes strangers wait, for 5m0s this time: hand"},
		"451 4.7.1 Please try again in 300 seconds (graylisted)":                                                                                    {5 * time.Minute, "for 5m0s this time"},
		"450 4.7.1 Try again later. Your mail will be accepted after 10mins":                                                                        {10 * time.Minute, "it asks to be left alone for 10m0s"},
		"451 Temporary failure, please try again in 45 S.":                                                                                          {45 * time.Second, "it asks to be left alone for 45s"},
		"451 4.7.500 Server busy. Please try again later from [192.0.2.1]. (S77719)":                                                                {0, ""},
		"450 4.7.25 Client host rejected: cannot find your hostname, [192.0.2.1] in 2 monthsdata":                                                   {0, ""},
		"451 Temporary failure, please try again in 99999999999999999999 seconds":                                                                   {0, ""},
		"452 4.2.2 Mailbox full after 3 messages":                                                                                                   {0, ""},
	} {
		e := deferred(action.Errorf(action.CodeUnavailable, "%s", said).Again(), said)
		assert.Equal(t, want.after, e.After, said)
		assert.True(t, e.Retryable)
		if want.hint == "" {
			assert.Empty(t, e.Hint, said)
			continue
		}
		assert.Contains(t, e.Hint, want.hint, said)
	}
}
