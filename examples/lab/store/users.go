package store

import (
	"crypto/rand"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"runbook/examples/lab/build"
	"runbook/examples/lab/layout"
)

// The profiles in the AWS files, for the people who have them in the kubeconfig as contexts.
const (
	AdminProfile  = "lab-admin"  // does everything; also the default
	OncallProfile = "lab-oncall" // lists and reads Bucket, nothing else
)

// user is an account of the store.
type user struct{ access, secret string }

// users are everybody whom the store knows.
type users struct {
	stagehand user // its root, which fills it; in no AWS file, but in the environment of the server
	admin     user
	oncall    user
}

// newUsers makes everybody's keys anew. An access key begins with a name, so that the access log can be read.
func newUsers() users {
	return users{stagehand: newUser("LABSTAGEHAND"), admin: newUser("LABADMIN"), oncall: newUser("LABONCALL")}
}

func newUser(name string) user {
	const accessLength = 20 // as AWS has it
	return user{access: (name + rand.Text())[:accessLength], secret: rand.Text() + rand.Text()}
}

// write tells the server who there is, and clients how to be somebody.
func (u users) write(dir layout.Dir, endpoint string) error {
	accounts, err := u.accounts()
	if err != nil {
		return fmt.Errorf("write down the object store's users: %w", err)
	}
	for path, content := range map[string][]byte{
		filepath.Join(userFolder(dir), "users.json"): accounts,
		environment(dir):     []byte(u.stagehand.environment()),
		dir.AWSCredentials(): []byte(u.credentials()),
		dir.AWSConfig():      []byte(configuration(endpoint)),
	} {
		if err := os.WriteFile(path, content, 0o600); err != nil {
			return fmt.Errorf("write down the object store's users: %w", err)
		}
	}
	return nil
}

// environment is the file of the server's environment, where ps does not show its root user's keys.
func environment(dir layout.Dir) string { return filepath.Join(dir.Config(), build.Store+".env") }

// The names of the root user's keys in it.
const (
	rootAccess = "ROOT_ACCESS_KEY_ID="
	rootSecret = "ROOT_SECRET_ACCESS_KEY="
)

func (u user) environment() string {
	lines := []string{
		rootAccess + u.access,
		rootSecret + u.secret,
	}
	return strings.Join(lines, "\n") + "\n"
}

// rootOf is the root user of a lab whose users were written.
func rootOf(dir layout.Dir) (user, error) {
	text, err := os.ReadFile(environment(dir))
	if err != nil {
		return user{}, fmt.Errorf("find out who the object store's root user is: %w", err)
	}
	var root user
	for line := range strings.Lines(string(text)) {
		line = strings.TrimSpace(line)
		if access, ok := strings.CutPrefix(line, rootAccess); ok {
			root.access = access
		}
		if secret, ok := strings.CutPrefix(line, rootSecret); ok {
			root.secret = secret
		}
	}
	return root, nil
}

// accounts is the file in which versitygw keeps its users. Its own command for making one wants the secret on the command
// line.
func (u users) accounts() ([]byte, error) {
	type account struct {
		Access string `json:"access"`
		Secret string `json:"secret"`
		Role   string `json:"role"`
	}
	return json.Marshal(map[string]map[string]account{"accessAccounts": {
		u.admin.access:  {u.admin.access, u.admin.secret, "admin"},
		u.oncall.access: {u.oncall.access, u.oncall.secret, "user"},
	}})
}

// credentials is a shared credentials file as AWS's tools read it.
func (u users) credentials() string {
	var file strings.Builder
	for _, profile := range []struct {
		name string
		user
	}{{"default", u.admin}, {AdminProfile, u.admin}, {OncallProfile, u.oncall}} {
		fmt.Fprintf(&file, "[%s]\naws_access_key_id = %s\naws_secret_access_key = %s\n\n", profile.name, profile.access, profile.secret)
	}
	return file.String()
}

// configuration is the file beside it, which spares its readers --endpoint-url.
func configuration(endpoint string) string {
	var file strings.Builder
	for _, section := range []string{"default", "profile " + AdminProfile, "profile " + OncallProfile} {
		fmt.Fprintf(&file, "[%s]\nregion = %s\nendpoint_url = %s\n\n", section, Region, endpoint)
	}
	return file.String()
}

// mayRead is the bucket's policy: all that is allowed to the user besides who owns the bucket.
func mayRead(who user) (string, error) {
	type statement struct {
		Effect    string
		Principal map[string]string
		Action    []string
		Resource  string
	}
	principal := map[string]string{"AWS": who.access}
	policy, err := json.Marshal(struct {
		Version   string
		Statement []statement
	}{"2012-10-17", []statement{
		{"Allow", principal, []string{"s3:ListBucket", "s3:GetBucketLocation"}, "arn:aws:s3:::" + Bucket},
		{"Allow", principal, []string{"s3:GetObject"}, "arn:aws:s3:::" + Bucket + "/*"},
	}})
	return string(policy), err
}
