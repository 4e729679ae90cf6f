using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Rqml.Hosting;

namespace Rqml.AspNetCore.Tests;

public sealed class RouteTests
{
    [Fact]
    public async Task A_page_that_the_host_has_already_keeps_it_from_starting_before_its_node_does()
    {
        await using var app = WebHost.Build(map: app =>
        {
            app.MapGet("/Queue_Stats", () => "mine").WithDisplayName("my stats");
            app.MapRqml();
        });
        var error = await Assert.ThrowsAsync<RouteCollisionException>(() => app.StartAsync());
        Assert.Equal(("/queue_stats", "'Rqml queue stats'", "'my stats'"), (error.Route, error.Endpoint, error.Other));
        Assert.Empty(app.Services.GetRequiredService<RqmlHost>().Nodes);
    }

    [Fact]
    public async Task A_collision_with_an_endpoint_outside_of_the_group_on_which_Rqml_was_mapped_is_found_before_the_server_listens()
    {
        await using var app = WebHost.Build(map: app =>
        {
            app.MapGet("/ops/health", () => "mine");
            app.MapGroup("/ops").MapRqml();
        });
        await Assert.ThrowsAsync<RouteCollisionException>(() => app.StartAsync());
        Assert.All(app.Urls, url => Assert.EndsWith(":0", url, StringComparison.Ordinal));
    }

    [Fact]
    public async Task Mapping_the_same_pages_twice_is_a_collision_and_under_two_prefixes_it_is_none()
    {
        await using var twice = WebHost.Build(map: app =>
        {
            app.MapRqml();
            app.MapRqml();
        });
        await Assert.ThrowsAsync<RouteCollisionException>(() => twice.StartAsync());
        await using var host = await WebHost.StartAsync(map: app =>
        {
            app.MapRqml();
            app.MapRqml("/rqml");
        });
        Assert.Equal(200, (await host.GetAsync("/rqml/health")).Status);
    }

    [Fact]
    public async Task An_endpoint_that_answers_other_methods_or_a_wider_pattern_is_no_collision()
    {
        await using var host = await WebHost.StartAsync(map: app =>
        {
            app.MapPost("/health", () => "posted");
            app.MapGet("/{page}", (string page) => page);
            app.MapFallback(() => "elsewhere");
            app.MapRqml();
        });
        Assert.Equal(200, (await host.GetAsync("/health")).Status);
    }

    [Fact]
    public void Without_its_registration_mapping_says_what_to_add()
    {
        var app = WebApplication.CreateSlimBuilder().Build();
        Assert.Contains("AddHttpEndpoints", Assert.Throws<InvalidOperationException>(() => app.MapRqml()).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Registering_twice_is_harmless()
    {
        await using var host = await WebHost.StartAsync(rqml => rqml.AddHttpEndpoints().AddHttpEndpoints());
        Assert.Equal(2, (await host.GetAsync("/health")).Body.GetProperty("checks").GetArrayLength());
    }

    [Fact]
    public async Task The_hosts_path_base_stands_before_every_page()
    {
        await using var host = await WebHost.StartAsync(map: app =>
        {
            app.UsePathBase("/shop");
            app.UseRouting();
            app.MapRqml("/node");
        });
        Assert.Equal(200, (await host.GetAsync("/shop/node/health")).Status);
        Assert.Contains("# TYPE", await host.Http.GetStringAsync(new Uri("/shop/node/metrics", UriKind.Relative)), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("/metrics")]
    [InlineData("/health")]
    [InlineData("/health/live")]
    [InlineData("/health/ready")]
    [InlineData("/queue_stats")]
    [InlineData("/checkpoint_state")]
    public async Task Every_page_stands_behind_the_authorization_that_the_host_requires(string page)
    {
        await using var host = await WebHost.StartAsync(services: services =>
        {
            services.AddAuthentication(Token.Scheme).AddScheme<Microsoft.AspNetCore.Authentication.AuthenticationSchemeOptions, Token>(Token.Scheme, null);
            services.AddAuthorization();
        }, map: app => app.MapRqml().RequireAuthorization());
        using var refused = await host.Http.GetAsync(new Uri(page, UriKind.Relative));
        Assert.Equal(401, (int)refused.StatusCode);
        host.Http.DefaultRequestHeaders.Add("Authorization", "token");
        using var allowed = await host.Http.GetAsync(new Uri(page, UriKind.Relative));
        Assert.Equal(200, (int)allowed.StatusCode);
    }
}
