package site

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/yaml"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/util/retry"

	"runbook/examples/lab/kwok"
)

// released is the version that a bad release brings.
const released = "2.4.2"

// Scenario is what is to happen to the service's pods.
type Scenario struct {
	Name    string
	Pods    int  // how many of the living pods it befalls; those that replace them are healthy
	Release bool // it comes with a new version instead, so that every new pod has it until a rollback
}

// Play makes it so and returns when it can be seen. It first undoes whatever was played before.
func (s Scenario) Play(ctx context.Context, access *rest.Config) error {
	if !slices.Contains(kwok.Scenarios, s.Name) {
		return fmt.Errorf("play scenario %q: there is none of that name; choose one of %s", s.Name, strings.Join(kwok.Scenarios, ", "))
	}
	if s.Pods < 1 {
		return fmt.Errorf("play scenario %s: it befalls at least one pod, not %d", s.Name, s.Pods)
	}
	client, err := kubernetes.NewForConfig(access)
	if err != nil {
		return fmt.Errorf("prepare to play scenario %s: %w", s.Name, err)
	}
	// Before anything is healed: what cannot be played must not end what is.
	if err := s.enough(ctx, client); err != nil {
		return err
	}
	if err := heal(ctx, client); err != nil || s.Name == kwok.Healthy {
		return err
	}
	if s.rollsOut() {
		return s.release(ctx, client)
	}
	if err := s.befall(ctx, client); err != nil || s.Name != kwok.Hot {
		return err
	}
	return awaitHot(ctx, access, s.Pods)
}

// rollsOut tells whether the scenario comes with a new version, and so befalls every new pod.
func (s Scenario) rollsOut() bool {
	return s.Release || s.Name == kwok.BadRollout || s.Name == kwok.BadImage
}

// enough tells whether the service has as many pods as are to fall.
func (s Scenario) enough(ctx context.Context, client kubernetes.Interface) error {
	if s.Name == kwok.Healthy || s.rollsOut() {
		return nil
	}
	d, err := client.AppsV1().Deployments(Namespace).Get(ctx, Deployment, metav1.GetOptions{})
	if err != nil {
		return fmt.Errorf("play scenario %s: look at Deployment %s: %w", s.Name, Deployment, err)
	}
	if replicas := int(*d.Spec.Replicas); s.Pods > replicas {
		return fmt.Errorf("play scenario %s on %d pods: Deployment %s is to have %d; ask for fewer with --pods, or scale it", s.Name, s.Pods, Deployment, replicas)
	}
	return nil
}

// heal undoes every scenario, in the Deployment's template as well as on its pods.
func heal(ctx context.Context, client kubernetes.Interface) error {
	template, err := original()
	if err != nil {
		return err
	}
	if err := setTemplate(ctx, client, template); err != nil {
		return err
	}
	pods, err := servicePods(ctx, client)
	if err != nil {
		return err
	}
	for _, pod := range pods {
		if err := labelPod(ctx, client, pod.Name, kwok.Healthy); err != nil {
			return err
		}
	}
	return deploymentReady(client).wait(ctx)
}

// release rolls out a new version whose pods have the scenario. The Deployment's own controller does the rest: after
// the progress deadline it says that the rollout failed.
func (s Scenario) release(ctx context.Context, client kubernetes.Interface) error {
	template, err := original()
	if err != nil {
		return err
	}
	s.spoil(&template)
	if err := setTemplate(ctx, client, template); err != nil {
		return err
	}
	return shown(client, s.Name, 1).wait(ctx)
}

// spoil makes of the template what a bad release makes of it.
func (s Scenario) spoil(template *corev1.PodTemplateSpec) {
	template.Labels[kwok.ScenarioLabel] = s.Name
	for i := range template.Spec.Containers {
		container := &template.Spec.Containers[i]
		name, _, _ := strings.Cut(container.Image, ":")
		container.Image = name + ":" + released
	}
}

// befall lets the first of the living pods, by name, fall to the scenario.
func (s Scenario) befall(ctx context.Context, client kubernetes.Interface) error {
	pods, err := servicePods(ctx, client)
	if err != nil {
		return err
	}
	if s.Pods > len(pods) {
		return fmt.Errorf("play scenario %s on %d pods: Deployment %s has only %d; ask for fewer with --pods", s.Name, s.Pods, Deployment, len(pods))
	}
	for _, pod := range pods[:s.Pods] {
		if err := labelPod(ctx, client, pod.Name, s.Name); err != nil {
			return err
		}
	}
	return shown(client, s.Name, s.Pods).wait(ctx)
}

// servicePods returns the living pods of the service, by name.
func servicePods(ctx context.Context, client kubernetes.Interface) ([]corev1.Pod, error) {
	list, err := client.CoreV1().Pods(Namespace).List(ctx, metav1.ListOptions{LabelSelector: "app=" + Deployment})
	if err != nil {
		return nil, fmt.Errorf("list the pods of Deployment %s: %w", Deployment, err)
	}
	return slices.DeleteFunc(list.Items, func(p corev1.Pod) bool { return p.DeletionTimestamp != nil }), nil
}

func labelPod(ctx context.Context, client kubernetes.Interface, name, scenario string) error {
	patch, err := json.Marshal(labelled(scenario))
	if err != nil {
		return err
	}
	_, err = client.CoreV1().Pods(Namespace).Patch(ctx, name, types.MergePatchType, patch, metav1.PatchOptions{})
	// A pod that went meanwhile needs no label: what replaces it is healthy.
	if err != nil && !apierrors.IsNotFound(err) {
		return fmt.Errorf("label pod %s with scenario %s: %w", name, scenario, err)
	}
	return nil
}

// original is the template of the service's pods as the site begins with it.
func original() (corev1.PodTemplateSpec, error) {
	for decoder := yaml.NewYAMLOrJSONDecoder(bytes.NewReader(service), len(service)); ; {
		var deployment appsv1.Deployment
		if err := decoder.Decode(&deployment); err != nil {
			return corev1.PodTemplateSpec{}, fmt.Errorf("find Deployment %s in the site's manifests: %w", Deployment, err)
		}
		if deployment.Kind == "Deployment" && deployment.Name == Deployment {
			return deployment.Spec.Template, nil
		}
	}
}

// setTemplate changes nothing, and so starts no rollout, where the Deployment has that template already. It replaces all
// of it: what anybody added meanwhile is gone as well.
func setTemplate(ctx context.Context, client kubernetes.Interface, template corev1.PodTemplateSpec) error {
	deployments := client.AppsV1().Deployments(Namespace)
	err := retry.RetryOnConflict(retry.DefaultBackoff, func() error { // its controller writes to it as well
		deployment, err := deployments.Get(ctx, Deployment, metav1.GetOptions{})
		if err != nil {
			return err
		}
		deployment.Spec.Template = template
		_, err = deployments.Update(ctx, deployment, metav1.UpdateOptions{})
		return err
	})
	if err != nil {
		return fmt.Errorf("set the template of Deployment %s: %w", Deployment, err)
	}
	return nil
}

// labelled is the patch that sets the scenario's label; null takes it away.
func labelled(scenario string) map[string]any {
	var value any
	if scenario != kwok.Healthy {
		value = scenario
	}
	return map[string]any{"metadata": map[string]any{"labels": map[string]any{kwok.ScenarioLabel: value}}}
}
