package controller

import (
	"strings"
	"time"
)

// retryShown is how long a failed pull shows as such, before the kubelet shows that it waits for the next.
const retryShown = 3 * time.Second

// pulled says where a container's image comes from.
func (c *Controllers) pulled(l *life, k *container) {
	k.pull = 0
	if !k.always {
		c.say(l, k, false, "Pulled", "Container image %q already present on machine", k.image)
		return
	}
	c.say(l, k, false, "Pulling", "Pulling image %q", k.image)
	c.say(l, k, false, "Pulled", "Successfully pulled image %q in 412ms (412ms including waiting). Image size: 48213504 bytes.", k.image)
}

// pullFails is a try to pull an image that is not to be had. The tries come less and less often.
func (c *Controllers) pullFails(l *life, k *container) {
	why := l.manner.Message
	if why == "" {
		why = "rpc error: code = NotFound desc = failed to pull and unpack image \"" + canonical(k.image) +
			"\": failed to resolve image: " + canonical(k.image) + ": not found"
	}
	c.say(l, k, false, "Pulling", "Pulling image %q", k.image)
	c.say(l, k, true, "Failed", "Failed to pull image %q: %s", k.image, why)
	c.say(l, k, true, "Failed", "Error: ErrImagePull")
	k.keepLast()
	k.state = waiting("ErrImagePull", why)
	k.pull = min(max(2*k.pull, firstDelay), mostDelay)
	c.later(l, k, "sync", retryShown, func() { c.pullWaits(l, k, why) })
	c.later(l, k, "start", k.pull, func() { c.start(l, k) })
	c.show(l)
}

func (c *Controllers) pullWaits(l *life, k *container, why string) {
	k.state = waiting("ImagePullBackOff", "Back-off pulling image \""+k.image+"\": ErrImagePull: "+why)
	c.say(l, k, false, "BackOff", "Back-off pulling image %q", k.image)
	c.say(l, k, true, "Failed", "Error: ImagePullBackOff")
	c.show(l)
}

// keepLast moves how a container ended out of the way of another state.
func (k *container) keepLast() {
	if k.state["terminated"] != nil {
		k.last = k.state
	}
}

// canonical is an image's full name, as a registry knows it.
func canonical(image string) string {
	host, _, found := strings.Cut(image, "/")
	switch {
	case !found:
		image = "docker.io/library/" + image
	case !strings.ContainsAny(host, ".:") && host != "localhost":
		image = "docker.io/" + image
	}
	if name := image[strings.LastIndex(image, "/")+1:]; !strings.ContainsAny(name, ":@") {
		image += ":latest"
	}
	return image
}
