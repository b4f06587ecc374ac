"""Addresses of the wall's forms, sign-in, account, subscription and help. The names are those that allauth asks for."""

from __future__ import annotations

from django.urls import path

from broadsheet.web import account, buying, friends, help, my_subscription, payment_events, signin, subscribe, wall

urlpatterns = [
    path("articles/<int:article_id>/keep-reading/", wall.keep_reading),
    path("articles/<int:article_id>/unlock/", wall.unlock),
    path("articles/<int:article_id>/share/", friends.share),
    path("account/links/", friends.links),
    path("account/links/<int:link_id>/take-back/", friends.take_back),
    path("login/", signin.login, name="account_login"),
    path("login/closed/", signin.inactive, name="account_inactive"),
    path("confirm/", signin.confirm),
    path("confirm/<str:token>/", signin.confirm_link),
    path("logout/", signin.logout, name="account_logout"),
    path("account/", account.account),
    path("account/newsletter/", account.newsletter),
    path("account/sign-out-everywhere/", account.end_sign_ins),
    path("account/address/", account.change_address, name="account_email"),
    path("account/subscription/", my_subscription.subscriptions),
    path("account/subscription/<int:number>/cancel/", my_subscription.cancel),
    path("account/subscription/<int:number>/undo/", my_subscription.undo),
    path("account/subscription/<int:number>/pause/", my_subscription.pause),
    path("account/subscription/<int:number>/resume/", my_subscription.resume),
    path("account/subscription/<int:number>/change/", my_subscription.change),
    path("account/subscription/<int:number>/keep/", my_subscription.keep),
    path("account/card/", my_subscription.card),
    path("account/card/<int:number>/", my_subscription.card),
    path("account/payments/<str:ref>/", my_subscription.payment),
    path("account/export/", account.export),
    path("account/erase/", account.erase),
    path("subscribe/", subscribe.subscribe),
    path("subscribe/code/", subscribe.code),
    path("subscribe/offer/<slug:slug>/", subscribe.campaign),
    path("subscribe/done/<str:ref>/", buying.done),
    path("subscribe/student/", buying.student),
    path("subscribe/<slug:slug>/", buying.buy),
    path("subscribe/<slug:slug>/invoice/", subscribe.invoice),
    path("payments/<slug:provider>/events/", payment_events.receive),
    path("help/", help.help_page),
]
