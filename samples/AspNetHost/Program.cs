// A shop that quotes prices by itself, and lets a node of Rqml plan its deliveries: the same process, the same server, one set of pages for whoever watches over it.
//   dotnet run -c Release --project samples/AspNetHost
//   curl -s localhost:5080/quote/12.50?amount=3
//   curl -s -X POST localhost:5080/routes -H 'content-type: application/json' -d '{"points":[[0,0],[5,1],[1,4],[6,6],[2,2],[7,3]]}'
//   curl -sN localhost:5080/tasks/THE-ID/events?artifacts=true
//   curl -s localhost:5080/health; curl -s localhost:5080/metrics
using AspNetHost;
using Microsoft.AspNetCore.Http.HttpResults;
using OpenTelemetry.Metrics;
using OpenTelemetry.Trace;
using Rqml;
using Rqml.AspNetCore;

var builder = WebApplication.CreateBuilder(args);
builder.Services.Configure<HostOptions>(host => host.ShutdownTimeout = TimeSpan.FromSeconds(30));      // longer than Rqml:DrainTimeout
builder.Services.Configure<RqmlHttpOptions>(builder.Configuration.GetSection("Rqml:Http"));
builder.Services.AddRqml(builder.Configuration.GetSection("Rqml"), rqml => rqml
    .AddTaskClass(Deliveries.Route, routes => routes
        .AddModel<TwoOpt>()
        .ConvergeWhenAll(Stability.Over(3))
        .Limit(iterations: 200))
    .UseRocksDb("data/rqml")
    .AddHttpEndpoints());

// One page for the metrics of both, as the host exports to Prometheus itself; traces go wherever an exporter is added.
builder.Services.AddOpenTelemetry()
    .WithMetrics(metrics => metrics.AddMeter("Microsoft.AspNetCore.Hosting").AddPrometheusExporter())
    .WithTracing(tracing => tracing.AddRqmlInstrumentation());

var app = builder.Build();
app.MapGet("/quote/{price:decimal}", (decimal price, int amount = 1) => new Quote(price * amount, amount >= 10 ? 0.9m : 1m));
app.MapPost("/routes", SubmitAsync);
app.MapRqml();
app.MapRqmlTasks();
await app.RunAsync();

static async Task<Accepted<Planned>> SubmitAsync(Stops stops, IRqmlClient rqml, CancellationToken cancellationToken)
{
    var task = await rqml.SubmitAsync(Deliveries.Route, stops, new SubmitOptions { Priority = 5 }, cancellationToken);
    return TypedResults.Accepted($"/tasks/{task.Id}", new Planned(task.Id.ToString()));
}

internal sealed record Quote(decimal Total, decimal Factor);

internal sealed record Planned(string Task);
