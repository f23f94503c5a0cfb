package redacttest

import (
	"testing"

	"github.com/stretchr/testify/assert"
)

// What cannot find anything proves nothing.
func TestEveryWayToWriteASecretIsFound(t *testing.T) {
	for _, secret := range []string{"hunter2canary", "p@ss/w<rd>+\"ü😀\n\\x 1&%41=;'"} {
		for name, text := range Written(secret) {
			assert.NotEmpty(t, Find("lorem "+text+" ipsum", secret), "%s: %s", name, text)
		}
		assert.Empty(t, Find(`lorem [secret] ipsum dolor "\u0041" %41 aHVudGVyMg==`, secret))
	}
}
