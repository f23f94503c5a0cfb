package rack

import (
	"strings"
	"testing"

	"runbook/examples/lab/layout"
)

func TestConfigurationsNameTheLabsOwnFilesAlone(t *testing.T) {
	in := access{dir: layout.Dir("/tmp/my labs/50%"), user: "ann", port: 20022}
	for name, test := range map[string]struct{ config, want string }{
		"client's port":      {in.clientConfig(), "\n  HostName 127.0.0.1\n  Port 20022\n  User ann\n"},
		"client's key":       {in.clientConfig(), "\n  IdentityFile \"/tmp/my labs/50%%/pki/ssh-user\"\n  IdentitiesOnly yes\n"},
		"client's knowledge": {in.clientConfig(), "\n  UserKnownHostsFile \"/tmp/my labs/50%%/pki/ssh-known-hosts\"\n  GlobalKnownHostsFile /dev/null\n  StrictHostKeyChecking yes\n"},
		"loopback only":      {in.serverConfig(), "ListenAddress 127.0.0.1\nPort 20022\n"},
		// Of the two paths only that of the keys has its %-sequences replaced.
		"server's key":      {in.serverConfig(), "\nHostKey \"/tmp/my labs/50%/pki/ssh-host\"\nAuthorizedKeysFile \"/tmp/my labs/50%%/pki/ssh-authorized-keys\"\n"},
		"one user":          {in.serverConfig(), "\nAllowUsers ann\n"},
		"one way in":        {in.serverConfig(), "\nAuthenticationMethods publickey\n"},
		"what a login runs": {in.serverConfig(), "\nForceCommand exec /bin/sh '/tmp/my labs/50%/config/rack-login'\n"},
		"where tools are":   {in.login(), "PATH='/tmp/my labs/50%/data/rack/bin':$PATH\n"},
	} {
		if !strings.Contains(test.config, test.want) {
			t.Errorf("%s: want %q in\n%s", name, test.want, test.config)
		}
	}
	if listening := strings.Count(in.serverConfig(), "ListenAddress"); listening != 1 {
		t.Errorf("%d addresses to listen on, want one", listening)
	}
}
