package rack

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// accounts is where systems keep the users that they have themselves.
const accounts = "/etc/passwd"

// loginShell is what the server would start for the user, or nothing where that is not known: some users are kept elsewhere.
func loginShell(user string) string {
	text, err := os.ReadFile(accounts)
	if err != nil {
		return ""
	}
	return shellIn(string(text), user)
}

func shellIn(accounts, user string) string {
	const fields, shell = 7, 6
	for line := range strings.Lines(accounts) {
		account := strings.Split(strings.TrimSpace(line), ":")
		if len(account) != fields || account[0] != user {
			continue
		}
		if account[shell] == "" {
			return "/bin/sh"
		}
		return account[shell]
	}
	return ""
}

// unusable tells why the server would let the user run nothing, as it runs all by the user's shell.
func unusable(user, shell string) string {
	switch filepath.Base(shell) {
	case "nologin", "false":
		return fmt.Sprintf("the login shell of %s is %s, with which the OpenSSH server runs nothing; run the lab as a user that may log in", user, shell)
	}
	if shell == "" {
		return ""
	}
	if _, err := os.Stat(shell); err != nil {
		return fmt.Sprintf("the OpenSSH server lets in nobody whose login shell is missing, as that of %s is: %v; run the lab as a user that may log in", user, err)
	}
	return ""
}
