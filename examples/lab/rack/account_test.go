package rack

import (
	"strings"
	"testing"
)

func TestWhomTheServerLetsRunNothing(t *testing.T) {
	const accounts = `root:x:0:0:root:/root:/bin/sh
daemon:x:1:1:daemon:/usr/sbin:/usr/sbin/nologin
sync:x:4:65534:sync:/bin:/bin/false
plain:x:5:5::/home/plain:
gone:x:6:6::/home/gone:/no/such/shell
torn:x:7
`
	for user, want := range map[string]string{
		"root":      "",
		"daemon":    "the login shell of daemon is /usr/sbin/nologin",
		"sync":      "the login shell of sync is /bin/false",
		"plain":     "",
		"gone":      "/no/such/shell: no such file",
		"torn":      "",
		"elsewhere": "", // in a directory service
	} {
		got := unusable(user, shellIn(accounts, user))
		if (got == "") != (want == "") || !strings.Contains(got, want) {
			t.Errorf("%s: got %q, want %q", user, got, want)
		}
		if rack := newRack("/usr/sbin/sshd", user, got); rack.Present() != (want == "") || rack.absent != got {
			t.Errorf("%s: got %+v", user, rack)
		}
	}
}
