"""What monitoring is told of the bridge: health and metrics, and files for Prometheus and Grafana that use them."""
