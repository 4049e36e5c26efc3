{{/* Contradictions that the schema can't see; all of them at once, never with a value that may be secret. */}}
{{- define "podsplit.checks" -}}
{{- $troubles := list }}
{{- with .Values }}
{{- if and .auth.existingSecret .auth.tokens }}
{{- $troubles = append $troubles "auth: give existingSecret or tokens, not both" }}
{{- end }}
{{- range $index, $token := .auth.tokens }}
{{- if not (regexMatch "^([A-Za-z0-9][A-Za-z0-9._-]{0,62}: +)?[^# \t\r\n][^ \t\r\n]*$" $token) }}
{{- $troubles = append $troubles (printf "auth.tokens: number %d holds white space or starts with #, which a file of tokens can't; only a name may stand before it (`ci: token`)" (add1 $index)) }}
{{- end }}
{{- end }}
{{- if not (or .auth.existingSecret .auth.tokens .auth.allowOpen) }}
{{- if or .ingress.enabled .httpRoute.enabled (ne .service.type "ClusterIP") }}
{{- $troubles = append $troubles "auth: an Ingress, a route, or a Service that is no ClusterIP would open the API to whoever reaches it; set auth.existingSecret, or auth.allowOpen if something in front of it asks who calls" }}
{{- end }}
{{- end }}
{{- if and (.admission).enabled (not (.admission).tls) }}
{{- $troubles = append $troubles "admission: its other values are missing, as --reuse-values takes those of an older chart: use --reset-then-reuse-values" }}
{{- end }}
{{- if and (.audit).enabled (not (.audit).schedule) }}
{{- $troubles = append $troubles "audit: its other values are missing, as --reuse-values takes those of an older chart: use --reset-then-reuse-values" }}
{{- end }}
{{- with .bot }}
{{- if .enabled }}
{{- if not .existingSecret }}
{{- $troubles = append $troubles "bot.existingSecret: set it to the Secret with the forges' secrets and tokens" }}
{{- end }}
{{- if not .forges }}
{{- $troubles = append $troubles "bot.forges: name one at least, with its kind and its repositories" }}
{{- end }}
{{- if and (.ingress).enabled (not (.ingress).host) }}
{{- $troubles = append $troubles "bot.ingress.host: set it, or any host's /webhooks would be the bot's" }}
{{- end }}
{{- range $name, $forge := .forges }}
{{- if and (eq $forge.kind "gitea") (not $forge.api) }}
{{- $troubles = append $troubles (printf "bot.forges.%s.api: set it, as in https://git.example.com/api/v1" $name) }}
{{- end }}
{{- end }}
{{- end }}
{{- end }}
{{- with (.admission).tls }}
{{- if and .existingSecret .certManager.enabled }}
{{- $troubles = append $troubles "admission.tls: give certManager or existingSecret, not both" }}
{{- end }}
{{- if and .caBundle (not .existingSecret) }}
{{- $troubles = append $troubles "admission.tls.caBundle: it is that of existingSecret, which is not set" }}
{{- end }}
{{- end }}
{{- if and .catalogue.existingConfigMap .catalogue.entries }}
{{- $troubles = append $troubles "catalogue: give existingConfigMap or entries, not both" }}
{{- end }}
{{- if and .service.nodePort (eq .service.type "ClusterIP") }}
{{- $troubles = append $troubles "service.nodePort: a ClusterIP Service has none; set service.type to NodePort or LoadBalancer" }}
{{- end }}
{{- if and .service.loadBalancerSourceRanges (ne .service.type "LoadBalancer") }}
{{- $troubles = append $troubles "service.loadBalancerSourceRanges: only a LoadBalancer Service has them; set service.type" }}
{{- end }}
{{- if and .ingress.enabled (not .ingress.hosts) }}
{{- $troubles = append $troubles "ingress.hosts: name one at least, else every host of the controller would lead here" }}
{{- end }}
{{- range $entry := .ingress.tls }}
{{- range $host := $entry.hosts }}
{{- if and $.Values.ingress.enabled (not (has $host $.Values.ingress.hosts)) }}
{{- $troubles = append $troubles (printf "ingress.tls: %s is not among ingress.hosts" $host) }}
{{- end }}
{{- end }}
{{- end }}
{{- if and .httpRoute.enabled (not .httpRoute.parentRefs) }}
{{- $troubles = append $troubles "httpRoute.parentRefs: name the Gateway, else the route leads nowhere" }}
{{- end }}
{{- if .autoscaling.enabled }}
{{- if gt (int64 .autoscaling.minReplicas) (int64 .autoscaling.maxReplicas) }}
{{- $troubles = append $troubles "autoscaling: minReplicas is above maxReplicas" }}
{{- end }}
{{- if not (dig "requests" "cpu" "" (default dict .resources)) }}
{{- $troubles = append $troubles "autoscaling: set resources.requests.cpu, which the target is a percentage of" }}
{{- end }}
{{- end }}
{{- if .podDisruptionBudget.enabled }}
{{- $stay := .podDisruptionBudget.minAvailable }}
{{- $go := .podDisruptionBudget.maxUnavailable }}
{{- $least := int64 (.autoscaling.enabled | ternary .autoscaling.minReplicas .replicaCount) }}
{{- if not (or (kindIs "invalid" $stay) (kindIs "invalid" $go)) }}
{{- $troubles = append $troubles "podDisruptionBudget: give minAvailable or maxUnavailable, not both" }}
{{- end }}
{{- if or (eq (toString $stay) "100%") (and (not (kindIs "string" $stay)) (not (kindIs "invalid" $stay)) (ge (int64 $stay) $least)) }}
{{- $troubles = append $troubles (printf "podDisruptionBudget.minAvailable: of %d Pods none could ever be evicted, and nodes could not be drained" $least) }}
{{- end }}
{{- if has (toString $go) (list "0" "0%") }}
{{- $troubles = append $troubles "podDisruptionBudget.maxUnavailable: no Pod could ever be evicted, and nodes could not be drained" }}
{{- end }}
{{- end }}
{{- $needed := int64 (include "podsplit.stopSeconds" $) }}
{{- if and (not (kindIs "invalid" .terminationGracePeriodSeconds)) (lt (int64 .terminationGracePeriodSeconds) $needed) }}
{{- $troubles = append $troubles (printf "terminationGracePeriodSeconds: a stop can take %d (preStopSeconds, settings.drainSeconds, server.gracefulTimeout and 5); what takes longer is cut off" $needed) }}
{{- end }}
{{- if lt (float64 (include "podsplit.gracefulTimeout" $)) (float64 .settings.requestTimeout) }}
{{- $troubles = append $troubles "server.gracefulTimeout: less than settings.requestTimeout would cut off requests that are still allowed" }}
{{- end }}
{{- $set := include "podsplit.environment" $ | fromYaml }}
{{- range $variable := .extraEnv }}
{{- if or (hasKey $set $variable.name) (has $variable.name (list "PODSPLIT_TOKENS_FILE" "PODSPLIT_CATALOGUE_FILE" "PODSPLIT_SERVES" "PODSPLIT_TLS_CERT_FILE" "PODSPLIT_TLS_KEY_FILE")) }}
{{- $troubles = append $troubles (printf "extraEnv: %s is set by the chart; use server, settings, auth or catalogue" $variable.name) }}
{{- end }}
{{- end }}
{{- range $label := keys .podLabels }}
{{- if hasPrefix "app.kubernetes.io/" $label }}
{{- $troubles = append $troubles (printf "podLabels: %s is set by the chart" $label) }}
{{- end }}
{{- end }}
{{- end }}
{{- if $troubles }}
{{- fail (printf "\n\nThese values can't be used:\n- %s\n" (join "\n- " $troubles)) }}
{{- end }}
{{- end }}
