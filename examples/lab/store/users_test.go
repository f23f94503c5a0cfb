package store

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/config"

	"runbook/examples/lab/layout"
)

func TestEachProfileHasItsKeysAndTheEndpoint(t *testing.T) {
	dir, users := writtenUsers(t)
	for profile, want := range map[string]user{"default": users.admin, AdminProfile: users.admin, OncallProfile: users.oncall} {
		got, err := config.LoadSharedConfigProfile(t.Context(), profile, func(o *config.LoadSharedConfigOptions) {
			o.CredentialsFiles, o.ConfigFiles = []string{dir.AWSCredentials()}, []string{dir.AWSConfig()}
		})
		if err != nil {
			t.Fatal(err)
		}
		if keys := (user{got.Credentials.AccessKeyID, got.Credentials.SecretAccessKey}); keys != want {
			t.Errorf("profile %s has other keys than its user", profile)
		}
		if got.BaseEndpoint != "http://127.0.0.1:20000" || got.Region != Region {
			t.Errorf("profile %s is at %s in %s", profile, got.BaseEndpoint, got.Region)
		}
	}
}

func TestKeysAreNewInEachLabAndForTheirOwnerAlone(t *testing.T) {
	dir, users := writtenUsers(t)
	if users == newUsers() {
		t.Error("two labs have the same keys")
	}
	for _, path := range []string{dir.AWSCredentials(), filepath.Join(userFolder(dir), "users.json")} {
		info, err := os.Stat(path)
		if err != nil {
			t.Fatal(err)
		}
		if info.Mode().Perm() != 0o600 {
			t.Errorf("%s has mode %s", path, info.Mode())
		}
		content, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if strings.Contains(string(content), users.stagehand.secret) {
			t.Errorf("the secret of the lab's own user is in %s", path)
		}
	}
}

func writtenUsers(t *testing.T) (layout.Dir, users) {
	t.Helper()
	dir, users := layout.Dir(t.TempDir()), newUsers()
	for _, folder := range []string{dir.Config(), userFolder(dir)} {
		if err := os.MkdirAll(folder, layout.FolderMode); err != nil {
			t.Fatal(err)
		}
	}
	if err := users.write(dir, "http://127.0.0.1:20000"); err != nil {
		t.Fatal(err)
	}
	return dir, users
}
