using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;

namespace Rqml.Docs.Tests.Snippets;

[Collection(Workplace.OneAtATime)]      // its hosts log to the console
public sealed class Hosting
{
    [Fact(Timeout = Workplace.LimitMs)]
    public async Task A_web_application_has_its_nodes_pages()
    {
        #region snippet
        WebApplicationBuilder builder = WebApplication.CreateBuilder();
        builder.Services.AddRqml(builder.Configuration.GetSection("Rqml"), rqml => rqml
            .AddTaskClass(SquareRoots.SquareRoot, roots => roots.AddModel<NewtonStep>().ConvergeWhenAll(Stability.Over(2)))
            .AddHttpEndpoints());
        WebApplication app = builder.Build();
        app.MapRqml();
        #endregion
        app.Urls.Add("http://127.0.0.1:0");
        await using var running = app;
        await app.StartAsync();
        using var http = new HttpClient { BaseAddress = new Uri(app.Urls.First()) };
        Assert.Contains("\"status\":\"healthy\"", await http.GetStringAsync(new Uri("/health", UriKind.Relative)), StringComparison.Ordinal);
        await app.StopAsync();
    }

    [Fact(Timeout = Workplace.LimitMs)]
    public async Task Tasks_over_http_may_ask_for_more_than_the_pages()
    {
        var builder = WebApplication.CreateBuilder();
        builder.Services.AddAuthentication("none").AddCookie("none", options => options.Events.OnRedirectToLogin = context =>
        {
            context.Response.StatusCode = (int)HttpStatusCode.Unauthorized;
            return Task.CompletedTask;
        });
        builder.Services.AddAuthorization();
        builder.Services.AddRqml(rqml => rqml
            .AddTaskClass(SquareRoots.SquareRoot, roots => roots.AddModel<NewtonStep>().ConvergeWhenAll(Stability.Over(2)))
            .AddHttpEndpoints());
        await using var app = builder.Build();
        app.Urls.Add("http://127.0.0.1:0");
        app.MapRqml();
        #region snippet
        app.MapRqmlTasks().RequireAuthorization();
        #endregion
        await app.StartAsync();
        using var http = new HttpClient { BaseAddress = new Uri(app.Urls.First()) };
        using var pages = await http.GetAsync(new Uri("/queue_stats", UriKind.Relative));
        using var tasks = await http.GetAsync(new Uri("/tasks", UriKind.Relative));
        Assert.Equal((HttpStatusCode.OK, HttpStatusCode.Unauthorized), (pages.StatusCode, tasks.StatusCode));
        await app.StopAsync();
    }
}
