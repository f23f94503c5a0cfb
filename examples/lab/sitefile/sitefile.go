// Package sitefile writes the lab's site file, by which runbook knows the site, and gives it a name among the user's
// sites, so that `runbook --site NAME` finds it. For everything else that people use there is a file for their shell.
//
// It never replaces a site file that is not a lab's, and takes away only names of the very lab that ends.
package sitefile

import (
	"crypto/rand"
	_ "embed"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"text/template"

	"runbook/examples/lab/layout"
)

//go:embed runbook.yaml.tmpl
var text string

// A path is written as JSON writes it, which YAML reads the same, whatever is in it.
var page = template.Must(template.New("site").Parse(text))

// A Site is what a site file says of a lab, beside what is in its folder.
type Site struct {
	Name       string // by which runs tell it from other sites
	Namespace  string
	Prometheus string // its address
	Store      string // that of the object store; "" where there is none
	Rack       string // what ssh calls the rack; "" where there is none

	Alertmanager string // its address
	Webhook      string // that of the inbox
	SMTP         string // where mail is handed in, and by whom
	MailUser     string
}

// Write writes the site file of the lab in dir.
func Write(dir layout.Dir, s Site) error {
	var out strings.Builder
	if err := page.Execute(&out, struct {
		Site
		Kubeconfig, SSHConfig, Slack, PagerKey, MailPassword, Authority string
		Devices                                                         []inventoried
	}{s, dir.Kubeconfig(), dir.SSHConfig(), reference(dir.SlackWebhook()), reference(dir.PagerKey()), reference(dir.MailPassword()), dir.Authority(), inventory(dir)}); err != nil {
		return fmt.Errorf("write the site file: %w", err)
	}
	for path, text := range map[string]string{
		dir.SlackWebhook(): s.Webhook + "/slack/services/T0LAB/B0LAB/" + rand.Text() + "\n", dir.PagerKey(): rand.Text() + "\n", dir.Site(): out.String(),
	} {
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			return fmt.Errorf("write the site file: %w", err)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			return fmt.Errorf("write the site file: %w", err)
		}
	}
	return nil
}

// reference is how a secret in a file stands in a site file.
func reference(path string) string { return "${file:" + path + "}" }

// inventoried is a device of the rack as a site file has it.
type inventoried struct{ ID, Driver, Vendor, Log string }

// inventory are the devices of every new lab, by the drivers of their vendors.
func inventory(dir layout.Dir) []inventoried {
	var out []inventoried
	for _, d := range []inventoried{
		{ID: "envise-1", Driver: "lightmatter-envise", Vendor: "Lightmatter"}, {ID: "envise-2", Driver: "lightmatter-envise", Vendor: "Lightmatter"},
		{ID: "mit-1", Driver: "mit-silicon-photonics", Vendor: "MIT"}, {ID: "mit-2", Driver: "mit-silicon-photonics", Vendor: "MIT"},
	} {
		d.Log = dir.DeviceLog(d.ID)
		out = append(out, d)
	}
	return out
}

// nameForm is what a name may be: it becomes that of a file.
var nameForm = regexp.MustCompile(`^[A-Za-z0-9][-_.A-Za-z0-9]*$`)

// CheckName refuses what cannot be the name of a site.
func CheckName(name string) error {
	if !nameForm.MatchString(name) {
		return fmt.Errorf("%q cannot be the name of a site: it is made of letters, digits, '-', '_' and '.'", name)
	}
	return nil
}

// TakenError says that a name belongs to another site.
type TakenError struct{ Name, Path string }

func (e *TakenError) Error() string {
	return fmt.Sprintf("the site name %s is taken: %s is not of this lab", e.Name, e.Path)
}

// Publish gives the lab in dir a name among the user's sites. A name whose lab is gone is free; one that belongs to
// another site is a TakenError.
func Publish(dir layout.Dir, name string) error {
	folder, err := sites()
	if err != nil {
		return err
	}
	if err := os.MkdirAll(folder, 0o755); err != nil {
		return fmt.Errorf("make the folder of the user's sites: %w", err)
	}
	link := filepath.Join(folder, name+".yaml")
	if dangling(link) {
		if err := os.Remove(link); err != nil {
			return fmt.Errorf("free the site name %s: %w", name, err)
		}
	}
	err = os.Symlink(dir.Site(), link)
	if errors.Is(err, fs.ErrExist) {
		if target, _ := os.Readlink(link); target == dir.Site() {
			return nil
		}
		return &TakenError{Name: name, Path: link}
	}
	if err != nil {
		return fmt.Errorf("name the lab's site %s: %w", name, err)
	}
	return nil
}

// dangling tells whether link leads to the site file of a lab that is gone.
func dangling(link string) bool {
	target, err := os.Readlink(link)
	if err != nil {
		return false
	}
	lab := layout.Dir(filepath.Dir(target))
	if _, err := os.Stat(lab.Lock()); err != nil || lab.Site() != target {
		return false // of whom nobody knows that it was a lab
	}
	_, err = os.Stat(target)
	return errors.Is(err, fs.ErrNotExist)
}

// Withdraw takes away the names of the lab in dir. Who has no folder of sites has given it none.
func Withdraw(dir layout.Dir) error {
	folder, err := sites()
	if err != nil {
		return nil
	}
	links, err := filepath.Glob(filepath.Join(folder, "*.yaml"))
	if err != nil {
		return err
	}
	for _, link := range links {
		if target, err := os.Readlink(link); err != nil || target != dir.Site() {
			continue
		}
		if err := os.Remove(link); err != nil {
			return fmt.Errorf("take the lab's name from the user's sites: %w", err)
		}
	}
	return nil
}

// sites is where runbook looks for a site by its name.
func sites() (string, error) {
	config, err := os.UserConfigDir()
	if err != nil {
		return "", fmt.Errorf("find the folder of the user's sites: %w", err)
	}
	return filepath.Join(config, "runbook", "sites"), nil
}
